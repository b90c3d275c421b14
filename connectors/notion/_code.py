"""Code blocks, in the languages Notion knows: https://developers.notion.com/reference/block#code"""

from __future__ import annotations

from connectors.notion._text import literal
from connectors.notion._tree import Node, texts

_LANGUAGES = frozenset(
    """abap,arduino,bash,basic,c,clojure,coffeescript,c++,c#,css,dart,diff,docker,elixir,elm,erlang,flow,fortran,f#,
gherkin,glsl,go,graphql,groovy,haskell,html,java,javascript,json,julia,kotlin,latex,less,lisp,livescript,lua,makefile,
markdown,markup,matlab,mermaid,nix,objective-c,ocaml,pascal,perl,php,plain text,powershell,prolog,protobuf,python,r,
reason,ruby,rust,sass,scala,scheme,scss,shell,solidity,sql,swift,typescript,vb.net,verilog,vhdl,visual basic,
webassembly,xml,yaml""".replace("\n", "").split(",")
)
_OTHER_NAMES = {
    "cpp": "c++",
    "cs": "c#",
    "csharp": "c#",
    "console": "shell",
    "dockerfile": "docker",
    "fsharp": "f#",
    "golang": "go",
    "js": "javascript",
    "jsx": "javascript",
    "md": "markdown",
    "objc": "objective-c",
    "plaintext": "plain text",
    "ps1": "powershell",
    "py": "python",
    "rb": "ruby",
    "rs": "rust",
    "sh": "shell",
    "tex": "latex",
    "text": "plain text",
    "txt": "plain text",
    "ts": "typescript",
    "tsx": "typescript",
    "vb": "visual basic",
    "wasm": "webassembly",
    "yml": "yaml",
    "zsh": "shell",
}
PLAIN = "plain text"


def read_code(code: str, info: str) -> list[Node]:
    """Blocks of code; `info` is what stands after the fence. What Notion does not know of it becomes the caption."""
    word, _, more = info.strip().partition(" ")
    name = _OTHER_NAMES.get(word.lower(), word.lower())
    known = name in _LANGUAGES
    caption = more.strip() if known else info.strip()
    nodes = texts("code", literal(code.removesuffix("\n")), body={"language": name if known else PLAIN})
    if not caption:
        return nodes
    if len(literal(caption)) > 1:
        return [*texts("paragraph", literal(caption)), *nodes]
    return [Node("code", {**nodes[0].body, "caption": literal(caption)}), *nodes[1:]]
