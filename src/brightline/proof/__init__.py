"""What anyone can check: the log, proofs from it, and the verifier that a deployer runs before loading weights."""
