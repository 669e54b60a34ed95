"""The only composer of stages: what the CLI and the Python facade call."""
