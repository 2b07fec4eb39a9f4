// One of several by its name, as the arguments of Python have it.
#pragma once

#include <map>
#include <string>

#include "weigh/error.h"

namespace weigh::python {

// Throws Error(usage) that names all of them; `what` is what they are.
template <class Value>
Value chosen(const std::map<std::string, Value>& all, const std::string& wanted, const char* what) {
  const auto found = all.find(wanted);
  if (found != all.end()) return found->second;
  std::string names;
  for (const auto& [name, value] : all) names += (names.empty() ? "'" : ", '") + name + "'";
  throw Error(ErrorKind::usage, "", "no " + std::string(what) + " '" + wanted + "'; there are " + names);
}

}  // namespace weigh::python
