// The manual page says what --help says.
#include "cli/manual.h"

#include <string>

#include <gtest/gtest.h>

#include "cli/option_rows.h"

#include "weigh/read.h"

namespace weigh::cli {
namespace {

TEST(Manual, HasAnEntryForEveryOptionCommandAndFormat) {
  const std::string page = manual_page();
  for (const OptionRow& row : option_rows()) {
    if (!row.is_option()) continue;
    std::string name = row.names.back();
    for (std::size_t i = 0; (i = name.find('-', i)) != std::string::npos; i += 2) name.insert(i, "\\");
    EXPECT_NE(page.find("\\fB" + name + "\\fR"), std::string::npos) << name;
  }
  for (const FormatInfo& format : formats())
    EXPECT_NE(page.find(".TP\n\\fB" + std::string(format.name).substr(0, 3)), std::string::npos) << format.name;
  EXPECT_NE(
      page.find(".TP\n\\fBweigh completions bash|zsh|fish\\fR\nprint what completes the command line in that shell\n"),
      std::string::npos);
}

TEST(Manual, EscapesWhatRoffWouldTakeForItsOwn) {
  EXPECT_NE(manual_page().find(".TP\n\\fB\\-\\-top\\fR \\fIN\\fR\nonly the first N rows, after sorting\n"),
            std::string::npos);
  EXPECT_EQ(manual_page().find("\n."), manual_page().find("\n.SH NAME"));
}

}  // namespace
}  // namespace weigh::cli
