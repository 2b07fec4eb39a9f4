// Prints docs/conventions.md: weigh_conventions > docs/conventions.md
#include <cstdio>
#include <string>

#include "conventions/tables.h"

int main() {
  const std::string text = weigh::conventions::document();
  std::fwrite(text.data(), 1, text.size(), stdout);
}
