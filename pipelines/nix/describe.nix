# What is asked of one package: its derivation, and which of its inputs are there for its tests only. The latter
# in two ways: its own lists, where they survive on it; and what it is without its tests.
isAsked: package:
let
  flat = value: if builtins.isList value then builtins.concatLists (map flat value) else [ value ];
  derivations = builtins.filter (one: builtins.isAttrs one && one ? drvPath);
  listed = name:
    if package ? ${name} then map (one: one.drvPath) (derivations (flat package.${name})) else null;
  # A list that does not evaluate (an input for another platform) is unknown, as one that is not there; it does not
  # take the package with it.
  tried = value:
    let result = builtins.tryEval (builtins.deepSeq value value);
    in if result.success then result.value else null;
  untested = package.overrideAttrs (_: { doCheck = false; doInstallCheck = false; });
in
{
  inherit (package) drvPath;
} // (if !isAsked then { } else {
  lists = builtins.listToAttrs (map
    (name: { inherit name; value = tried (listed name); })
    [ "nativeCheckInputs" "checkInputs" "nativeInstallCheckInputs" "installCheckInputs" ]);
  untested = if package ? overrideAttrs then tried untested.drvPath else null;
})
