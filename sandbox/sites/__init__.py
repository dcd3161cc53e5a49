"""The web sites of the pretend internet: home pages of different habits, and hostile ones. Data and pure functions.

`hosts` gives the names that have nothing but a site their records, `table` says what each site answers and why, `homes`
writes a company's home page in one of several habits, `odd` has the pages that are nobody's home page, and `traps` what
is made to harm whoever fetches it. The vendor "sites" (``vendors/sites.py``) serves them to who asks this server for
a host of that name.
"""
