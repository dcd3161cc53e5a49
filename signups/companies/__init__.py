"""What staff say of companies: where somebody works, and which two companies are one.

How a person's company is ranked is `signups.enrichment`'s; here is what happens once somebody has decided.
"""
