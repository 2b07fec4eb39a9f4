// What a row of every table tells beside what it is for. Code asks the functions of a table; these texts are for
// people, for docs/conventions.md, and for the test that looks at each row's fixture.
#pragma once

#include <string_view>

namespace weigh::conventions {

struct Row {
  std::string_view name;     // as others write it
  std::string_view meaning;  // in a few words
  std::string_view source;   // who writes it: library and version, or class
  std::string_view fixture;  // what shows it: a path below tests/data, or a test, "Suite.Name"
};

}  // namespace weigh::conventions
