"""Which mails people get, what became of those they got, and when no more may be sent."""
