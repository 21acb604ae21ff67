"""What the tests with real peers stand on: a private network, processes, phones, audio."""
