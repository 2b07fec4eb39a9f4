#include <fmt/format.h>

#include "conventions/tables.h"
#include "conventions/transformers.h"

namespace weigh::conventions {
namespace {

constexpr std::string_view kBegin =
    R"(<!-- Made by weigh_conventions from the tables in src/conventions; a test compares the two. -->
# Conventions
What others call things and leave out, as far as `weigh` knows it. Each row tells who writes it and what shows it: a file
below `tests/data`, or a test. How to add one: [architecture.md](architecture.md#adding-a-convention).
)";

constexpr std::string_view kTransformers = R"(
## Classes of transformers
In `src/conventions/transformers_table.inc`, which `tools/conventions/ask_transformers.py` asks of the library itself
(version {}, {} model types): whether a class ties its embeddings where the configuration does not say, whether it keeps keys and
values, how the kinds of its layers repeat, and which floating-point buffers its state dict holds. `transformers.h` looks them up.
Classes of diffusers whose files hold such buffers are in `diffusers_table.inc`, from `tools/truth/ask_models.py`.
)";

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

}  // namespace

std::string document() {
  std::string text(kBegin);
  for (const Table& table : tables()) {
    const bool has_kinds = !table.rows.empty() && !table.rows.front().kind.empty();
    text += fmt::format("\n## {}\n{} In `src/conventions/{}`.\n\n", table.title, table.about, table.file);
    text += has_kinds ? "| name | what | meaning | source | shown by |\n|---|---|---|---|---|\n"
                      : "| name | meaning | source | shown by |\n|---|---|---|---|\n";
    for (const TableRow& row : table.rows) {
      text += fmt::format("| `{}` |", cell(row.name));
      if (has_kinds) text += fmt::format(" {} |", cell(row.kind));
      text += fmt::format(" {} | {} | `{}` |\n", cell(row.meaning), cell(row.source), cell(row.fixture));
    }
  }
  return text + fmt::format(kTransformers, transformers_version(), transformers_types().size());
}

}  // namespace weigh::conventions
