"""The demo web app of Flatbed: pages over the Python module, without parsing, SQL or retries of its own."""
