"""What Nix writes: derivations, archives, hashes. Reads and computes; knows neither the log nor the warehouse."""
