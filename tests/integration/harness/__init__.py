"""What the integration tests stand on: real servers, the program, a proxy that lies, and a plain HTTP reader."""
