"""How an account is to be read: what was seen of it, under the present names, as the manifests let it be read."""
