"""The HTTP side: who we are, how fast, what is believed of an answer. Only the simulator uses httpx too."""
