"""One room a driver; each serves one of the ports. An adapter never imports another."""
