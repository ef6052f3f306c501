"""JSON values or lines over TCP; FireLens uses it for its health check."""
