"""Copies what pages load out of `node_modules` into `core/ui/static/vendor`; the wheel has it."""

import json
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
TARGET = ROOT / "src/huoju/core/ui/static/vendor"

FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "alpine-csp.min.js": "@alpinejs/csp/dist/cdn.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "tabler-icons.min.css": "@tabler/icons-webfont/dist/tabler-icons.min.css",
    "fonts/tabler-icons.woff2": "@tabler/icons-webfont/dist/fonts/tabler-icons.woff2",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "sortable.min.js": "sortablejs/Sortable.min.js",
}
# The hashed names of the static files want every file that another one mentions: source maps stay behind,
# and so do the font formats that only browsers without WOFF2 would load.
DROPPED = re.compile(
    r"""^//[#] sourceMappingURL=\S*$|/\*[#] sourceMappingURL=\S*\s*\*/"""
    r"""|,url\("[^"]+\.(?:woff|ttf)\?[^"]*"\) format\("\w+"\)""",
    re.MULTILINE,
)


def main() -> None:
    """Fill the folder anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    for name, source in FILES.items():
        target = TARGET / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix in {".js", ".css"}:
            target.write_text(
                DROPPED.sub("", (PACKAGES / source).read_text(encoding="utf-8")), encoding="utf-8"
            )
        else:
            shutil.copyfile(PACKAGES / source, target)
    licences = []
    packages = {
        "/".join(source.split("/")[: 2 if source.startswith("@") else 1]) for source in FILES.values()
    }
    for package in sorted(packages):
        folder = PACKAGES / package
        facts = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        licences.append(f"=== {package} {facts['version']} ({facts.get('license', 'see below')})")
        texts = [
            path for path in sorted(folder.iterdir()) if re.match(r"(?i)(licen|notice)[^/]*$", path.name)
        ]
        licences += [path.read_text(encoding="utf-8") for path in texts if path.is_file()]
    (TARGET / "LICENSES.txt").write_text("\n\n".join(licences), encoding="utf-8")


if __name__ == "__main__":
    main()
