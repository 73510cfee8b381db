"""What benchmarks/run is made of: a network of its own, the servers, the cells, and the page that is written."""
