"""JSON over HTTP: the one client, its budget of requests, and what of a request that failed may be sent again."""
