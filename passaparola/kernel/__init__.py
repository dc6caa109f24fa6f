"""What every room may use: refusals, money, signing, timers, outbox, database."""
