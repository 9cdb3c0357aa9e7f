{
  # A shell in which ./run works on NixOS: the pinned Python wheels (duckdb, polars, pyarrow, vl-convert) are
  # built for common Linux and look for a loader and a C++ library at places that NixOS does not have.
  # Not verified: no Nix was at hand when this was written. Corrections are welcome.
  description = "nixpkgs-health: development shell";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { nixpkgs, ... }:
    let
      linux = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      darwin = [ "aarch64-darwin" ];
      each = systems: make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
      tools = pkgs: [
        pkgs.python313
        pkgs.uv
        pkgs.shellcheck
      ];
    in
    {
      devShells =
        each linux (pkgs: {
          default =
            (pkgs.buildFHSEnv {
              name = "nixpkgs-health";
              targetPkgs =
                pkgs:
                tools pkgs
                ++ [
                  pkgs.stdenv.cc.cc.lib
                  pkgs.zlib
                  pkgs.chromium
                ];
              # uv must not fetch a Python of its own.
              profile = "export UV_PYTHON_DOWNLOADS=never";
              runScript = "bash";
            }).env;
        })
        // each darwin (pkgs: {
          default = pkgs.mkShell { packages = tools pkgs; };
        });
    };
}
