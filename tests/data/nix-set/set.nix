# A package set for the tests of `nix collect`: no stdenv, no network, /bin/sh builds everything. `change` says what
# differs from the plain set.
{ change ? "nothing", system ? "x86_64-linux" }:
let
  # As in nixpkgs: test inputs join those of the build while tests are on, and the package itself forgets its lists,
  # unless `keeps` says that they stay on it.
  make = { keeps ? true, pname, version, script, ... }@args:
    let
      lists = { nativeCheckInputs = args.nativeCheckInputs or [ ]; };
      doCheck = args.doCheck or (lists.nativeCheckInputs != [ ]);
      package = derivation (builtins.removeAttrs args [ "keeps" "script" "nativeCheckInputs" "doInstallCheck" ] // {
        inherit system doCheck;
        name = "${pname}-${version}";
        builder = "/bin/sh";
        args = [ "-e" "-c" ("export PATH=/usr/bin:/bin LC_ALL=C\n" + script) ];
        nativeBuildInputs = (args.nativeBuildInputs or [ ]) ++ (if doCheck then lists.nativeCheckInputs else [ ]);
      });
    in
    package // { overrideAttrs = f: make (args // f args); } // (if keeps then lists else { });
in
rec {
  # Two outputs, the second with a link to the first.
  library = make rec {
    pname = "greeting-library";
    version = if change == "library" then "1.0.10" else "1.0.9";
    outputs = [ "out" "dev" ];
    script = ''
      mkdir -p $out/lib $dev/include
      echo "greet like ${version}" > $out/lib/greet
      ln -s $out/lib $dev/lib
      echo "int greet(void);" > $dev/include/greet.h
    '';
  };

  # Comments of its source do not reach its output.
  tool = make {
    pname = "line-tool";
    version = "3";
    src = builtins.toFile "line-tool.src" ''
      # ${if change == "comment" then "Prints a line." else "prints a line"}
      echo line
    '';
    script = ''
      mkdir -p $out/bin
      grep -v '^#' $src > $out/bin/line-tool
      chmod +x $out/bin/line-tool
    '';
  };

  framework = make rec {
    pname = "check-framework";
    version = if change == "framework" then "2.1" else "2.0";
    script = ''echo "asserts of ${version}" > $out'';
  };

  # Names its run-time inputs; needs the framework for its tests only, and says so.
  app = make {
    pname = "app";
    version = "7";
    nativeBuildInputs = [ tool ];
    buildInputs = [ library.dev ];
    nativeCheckInputs = [ framework ];
    inherit library tool;
    script = ''
      mkdir -p $out/bin $out/share/empty
      { echo "#!$tool/bin/line-tool"; echo "load $library/lib/greet from $out"; } > $out/bin/app
      chmod +x $out/bin/app
      : > $out/share/nothing
      ln -s $library $out/share/$(basename $library)
      ln -s $tool $out/share/$(basename $tool)
    '';
  };

  # The same need, and its list does not survive.
  service = make {
    keeps = false;
    pname = "service";
    version = "1";
    nativeBuildInputs = [ tool ];
    nativeCheckInputs = [ framework ];
    script = "echo service > $out";
  };

  # Listed for the build as well.
  tester = make {
    pname = "tester";
    version = "1";
    nativeBuildInputs = [ framework ];
    nativeCheckInputs = [ framework ];
    script = "cat $nativeBuildInputs > $out";
  };

  # Brings the application to whoever uses it.
  plugin = make {
    pname = "plugin";
    version = "0.4";
    propagatedBuildInputs = [ app ];
    script = ''
      mkdir -p $out/nix-support
      echo $propagatedBuildInputs > $out/nix-support/propagated-build-inputs
    '';
  };

  # Writes the time into its output.
  stamped = make {
    pname = "stamped";
    version = "1";
    nativeBuildInputs = [ tool ];
    script = "date +%s%N > $out";
  };

  onStamped = make {
    pname = "on-stamped";
    version = "1";
    inherit stamped;
    script = "echo see $stamped > $out";
  };

  # Names a file that nobody built.
  reader = make {
    pname = "reader";
    version = "1";
    notes = builtins.toFile "notes-1.txt" "notes\n";
    script = "echo read $notes > $out";
  };

  notBuilt = make { pname = "not-built"; version = "1"; script = "exit 1"; };

  nested = { recurseForDerivations = true; "dotted.name" = reader; hidden = throw "not for this platform"; };

  refused = throw "this package is not for this platform";
}
