"""What people do, before and after they have a name: taken in, tied to people, sent on, told as one story."""
