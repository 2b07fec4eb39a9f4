// A rule as the program has it. Each has a file in rules/, or shares it with its next of kin, and a row in rules.cpp.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "weigh/check.h"
#include "weigh/summary.h"

namespace weigh {

inline constexpr std::size_t kMostNames = 3;  // that are nearest to one that is not known

// What is checked.
struct Subject {
  const Model& model;
  const Summary& summary;
  const std::function<Model(const std::string&)>& read;  // of another model
};

// A Finding whose rule is filled in by who asked.
Finding passed(std::string message);
Finding failed(std::string message);
Finding undecided(std::string message);

// Places of a finding: only the first are kept, since a file may have a million.
void add_place(Finding& finding, std::string place);

struct RuleRow : Rule {
  Finding (*check)(const Subject& subject, const Gate& gate) = nullptr;
  // What is wrong with a word that it was given, "" for nothing; nullptr where any will do.
  std::string (*refuse)(const std::string& word) = nullptr;
};

std::span<const RuleRow> rule_rows();
// Throws Error(usage) where there is none.
const RuleRow& rule_called(std::string_view id);

namespace checks {
Finding initialized(const Subject& subject, const Gate& gate);
Finding max_parameters(const Subject& subject, const Gate& gate);
Finding max_active(const Subject& subject, const Gate& gate);
Finding max_bytes(const Subject& subject, const Gate& gate);
Finding dtypes(const Subject& subject, const Gate& gate);
std::string refuse_dtype(const std::string& word);
Finding no_pickle(const Subject& subject, const Gate& gate);
Finding no_missing(const Subject& subject, const Gate& gate);
Finding index_agrees(const Subject& subject, const Gate& gate);
Finding known_packing(const Subject& subject, const Gate& gate);
Finding architecture(const Subject& subject, const Gate& gate);
Finding has_modules(const Subject& subject, const Gate& gate);
Finding like(const Subject& subject, const Gate& gate);
}  // namespace checks

}  // namespace weigh
