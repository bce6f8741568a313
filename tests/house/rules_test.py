# SPDX-License-Identifier: Apache-2.0
"""Each rule against text that breaks it and text that does not. Run by check.py."""

import pathlib
import unittest

import rules

Path = pathlib.PurePosixPath


def lines(rule, path: str, source: str) -> list[int]:
    return [line for line, _ in rule(Path(path), source)]


class Rules(unittest.TestCase):
    def test_layers(self):
        up = '#include <vector>\n#include "kith/sales/quote.hpp"\n'
        self.assertEqual(lines(rules.layers, "src/customer/customer.cpp", up), [2])
        self.assertEqual(lines(rules.layers, "include/kith/sales/order.hpp", up), [])
        self.assertEqual(lines(rules.layers, "src/incentive/plan.cpp", '#include "sales/rows.hpp"\n'), [])
        self.assertEqual(lines(rules.layers, "src/base/text.cpp", '#include "kith/kith.hpp"\n'), [1])
        self.assertEqual(lines(rules.layers, "include/kith/kith.hpp", up), [])
        self.assertEqual(lines(rules.layers, "src/misc/thing.cpp", ""), [1])
        self.assertEqual(lines(rules.layers, "src/sales/quote.cpp", '#include "misc/thing.hpp"\n'), [1])

    def test_public_includes(self):
        bad = '#include <string>\n#include <fmt/format.h>\n#include "schema/rows.hpp"\n#include "kith/base/id.hpp"\n'
        self.assertEqual(lines(rules.public_includes, "include/kith/sales/order.hpp", bad), [2, 3])
        self.assertEqual(
            lines(rules.public_includes, "capi/include/kith.h", "#include <stdint.h>\n#include <string>\n"), [2]
        )

    def test_lengths(self):
        self.assertEqual(lines(rules.file_length, "include/kith/base/id.hpp", "\n" * 300), [])
        self.assertEqual(lines(rules.file_length, "include/kith/base/id.hpp", "\n" * 301), [301])
        self.assertEqual(lines(rules.file_length, "src/base/id.cpp", "\n" * 601), [601])
        self.assertEqual(lines(rules.line_length, "src/base/id.cpp", "x" * 120 + "\n" + "x" * 121), [2])

    def test_functions(self):
        body = '  f(R"({)", \'{\', "}");  // {\n' * 68
        short = "namespace kith {\nint f(int a) {\n" + body + "}\n}\n"
        long = "namespace kith {\nstruct S : T {\n  S() : a_{1},\n b_(2) {\n" + body + "\n  }\n  int a_{0};\n};\n}\n"
        table = "constexpr Field kRows[] = {\n" + "  {1},\n" * 90 + "};\n"
        digits = "int f() {\n" + "  g(1'000, [] { return 1; });\n" * 69 + "}\n"
        self.assertEqual(lines(rules.function_length, "src/base/id.cpp", short), [])
        self.assertEqual(lines(rules.function_length, "src/base/id.cpp", long), [3])
        self.assertEqual(lines(rules.function_length, "src/base/id.cpp", table), [])
        self.assertEqual(lines(rules.function_length, "src/base/id.cpp", digits), [1])
        returning = "struct Row make(struct Key key) {\n" + "  f();\n" * 70 + "}\n"
        self.assertEqual(lines(rules.function_length, "src/base/id.cpp", returning), [1])

    def test_words(self):
        line = "// SPDX-License-Identifier: Apache-2.0\n"
        self.assertEqual(lines(rules.licence, "a.cpp", line), [])
        self.assertEqual(lines(rules.licence, "a.sh", "#!/bin/sh\n#" + line), [])
        self.assertEqual(lines(rules.licence, "a.cpp", "\n" + line), [1])
        todo = "TO" + "DO"
        self.assertEqual(lines(rules.markers, "a.cpp", f"a\nb {todo} c\n{todo}S\n"), [2])
        three = "X" * 3
        self.assertEqual(lines(rules.markers, "a.cpp", f'{{"{three}", 0}}\n// {three} mend\n'), [2])
        place = "/wor" + "k/x"
        self.assertEqual(
            lines(rules.machine_paths, "a.cpp", f'"{place}"\nhttps://a.example{place}\nsrc{place}\n${{HOME}}{place}\n'),
            [1],
        )


if __name__ == "__main__":
    unittest.main()
