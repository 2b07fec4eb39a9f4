#include "cli/notes.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weigh::cli {
namespace {

Model model_with(std::vector<Note> notes) {
  Model model;
  model.source = "m.pt";
  model.notes = std::move(notes);
  return model;
}

TEST(Notes, OneLineEach) {
  EXPECT_EQ(note_lines(model_with({{"polyglot", "m.pt", "is two things"}, {"loose-tensor", "loss", "is not counted"}})),
            (std::vector<std::string>{"weigh: m.pt: is two things", "weigh: m.pt: loss is not counted"}));
}

TEST(Notes, WhatIsNotInitialisedSharesALine) {
  EXPECT_EQ(note_lines(model_with({{"uninitialized", "a.weight", ""}})),
            (std::vector<std::string>{
                "weigh: m.pt: 1 tensor is not initialised yet, so totals are lower bounds: a.weight; run one forward "
                "before saving, or give an example input, to know it"}));
}

TEST(Notes, OfOneKindAFewAreShown) {
  const std::vector<std::string> lines =
      note_lines(model_with(std::vector<Note>(8, {"unknown-class", "a.B", "is odd"})));
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[4], "weigh: m.pt: a.B is odd");
  EXPECT_EQ(lines[5], "weigh: m.pt: 3 more notes of the kind 'unknown-class'; --format json lists them all");
}

TEST(Notes, ThousandsOfPathsAreCutShort) {
  const std::vector<std::string> lines = note_lines(model_with(std::vector<Note>(60, {"uninitialized", "w", ""})));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("60 tensors are not initialised yet"), std::string::npos);
  EXPECT_NE(lines[0].find("w, w and 10 more; run one forward"), std::string::npos);
}

}  // namespace
}  // namespace weigh::cli
