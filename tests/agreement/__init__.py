"""Random rules over random histories, asked of every interpreter: what the agreement tests are made of."""
