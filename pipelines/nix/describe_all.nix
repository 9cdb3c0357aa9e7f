# What is asked of a file: `describe.nix` of the attributes that are named as a JSON list of paths, or of every
# derivation where that is null. An attribute that does not evaluate has no `package`; one that is not there is said
# to be missing.
{ file, attrs, isAsked, arguments }:
let
  describe = import ./describe.nix isAsked;
  imported = import file;
  root = if builtins.isFunction imported then imported arguments else imported;
  asked = builtins.fromJSON attrs;
  step = set: name: if builtins.isAttrs set && set ? ${name} then set.${name} else { isMissing = true; };
  found = path: builtins.foldl' step root path;
  told = path: value:
    let result = builtins.tryEval (let told = describe value; in builtins.deepSeq told told);
    in { inherit path; package = if result.success then result.value else null; };
  named = path:
    let there = builtins.tryEval (builtins.isAttrs (found path) && (found path) ? isMissing);
    in if there.success && there.value then { inherit path; isMissing = true; } else told path (found path);
  below = path: set: builtins.concatMap
    (name:
      let
        here = path ++ [ name ];
        value = set.${name};
        kind = builtins.tryEval (
          if !builtins.isAttrs value then "other"
          else if (value.type or null) == "derivation" then "derivation"
          else if value.recurseForDerivations or false then "set"
          else "other");
      in
      if !kind.success then [ { path = here; package = null; } ]
      else if kind.value == "derivation" then [ (told here value) ]
      else if kind.value == "set" then below here value
      else [ ])
    (builtins.attrNames set);
in
if asked == null then
  (if (root.type or null) == "derivation" then [ (told [ ] root) ] else below [ ] root)
else map named asked
