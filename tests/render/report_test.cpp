// The page of HTML: whole pages of real files, and what no name and no size can do to it.
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/build.h"
#include "render/golden.h"
#include "render/html/assets.h"
#include "support/giants.h"

#include "weigh/document.h"
#include "weigh/error.h"
#include "weigh/limits.h"
#include "weigh/version.h"

namespace weigh {
namespace {

using testing::Build;

RenderOptions in_html() {
  RenderOptions options;
  options.format = RenderFormat::html;
  return options;
}

std::string page_of(const Model& model, int depth = -1) {
  return render(summarize(model, testing::levels(depth)), in_html());
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// Without what is the same in every page, or changes with the version.
std::string own_text(std::string page) {
  page = replaced(std::move(page), assets::kStyle, "…");
  page = replaced(std::move(page), assets::kReportJs, "…");
  page = replaced(std::move(page), assets::kStyleHash, "…");
  page = replaced(std::move(page), assets::kReportJsHash, "…");
  return replaced(std::move(page), fmt::format("weigh {}", version()), "weigh …");
}

TEST(Report, OfAModelThatIsNotInitialised) {
  testing::expect_golden("reports/gat_module_before",
                         own_text(page_of(testing::read_bare("pytorch/gat_module_before.pt"))));
}

TEST(Report, OfAGiant) {
  const testing::GiantFolder folder("Kimi-K2-Thinking");
  Model model = read(folder.path());
  model.source = "Kimi-K2-Thinking";
  const std::string page = page_of(model);
  testing::expect_golden("reports/Kimi-K2-Thinking", own_text(page));
  EXPECT_LT(page.size(), 1'000'000U);
  RenderOptions svg;
  svg.format = RenderFormat::svg;
  EXPECT_EQ(render(summarize(model, testing::levels(-1)), svg),
            testing::read_file(WEIGH_SOURCE "/docs/Kimi-K2-Thinking.svg"))
      << "tools/report-picture makes the README's picture again";
}

TEST(Report, OfSeveralModels) {
  const std::unique_ptr<Document> page = document(in_html());
  for (const char* name : {"pytorch/gat_module_before.pt", "pytorch/gat_module_after.pt"}) {
    const Model model = testing::read_bare(name);
    page->add(summarize(model, testing::levels(-1)));
  }
  testing::expect_golden("reports/gat_before_and_after", own_text(page->text()));
}

// What a browser would make of it: elements with quoted attributes, each closed, and text without markup.
void expect_well_formed(const std::string& text) {
  static const std::regex tag(R"(<(/?)([a-z][a-zA-Z0-9]*)((?: [a-zA-Z:-]+(?:="[^"<>]*")?)*)(/?)>)");
  static const std::set<std::string> empty = {"meta", "input"};
  std::vector<std::string> open;
  std::string rest;
  std::size_t begin = text.find('\n') + 1;  // behind <!DOCTYPE html>
  for (std::sregex_iterator one(text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), tag), end; one != end;
       ++one) {
    rest += one->prefix();
    const std::string name = (*one)[2];
    if (!(*one)[1].str().empty()) {
      ASSERT_FALSE(open.empty()) << name;
      EXPECT_EQ(open.back(), name);
      open.pop_back();
    } else if ((*one)[4].str().empty() && !empty.contains(name)) {
      open.push_back(name);
    }
  }
  EXPECT_TRUE(open.empty()) << open.back();
  EXPECT_EQ(rest.find_first_of("<>"), std::string::npos) << rest.substr(rest.find_first_of("<>"), 80);
}

// Between its tags there is no room for another page.
TEST(Report, HostileNamesAreText) {
  Build b;
  b.model().source = "</title><script>alert(1)</script>.pt";
  b.model().architecture = "{{script}}<b>";
  b.model().format = "PyTorch";
  b.model().metadata = {{"<i>", "\" onclick=\"alert(2)"}};
  for (const char* name : {"</script><img onerror=alert(1)>", "\"><svg onload=alert(2)>", "' x='", "{{style}}", "-->",
                           "]]>", "\xe2\x80\xae\xe2\x80\xa8", "\xff", "\xef\xbf\xbf"}) {
    b.add(std::string(name) + ".weight", {3});
    b.add(std::string(name) + ".a.b", {2});
  }
  b.model().notes.push_back({"odd", "<img src=x>", "</li><script>alert(3)</script>"});
  const std::string page = page_of(b.model());
  const std::string own = own_text(page);
  expect_well_formed(own);
  EXPECT_EQ(own.find("<img"), std::string::npos);
  EXPECT_EQ(own.find("<svg onload"), std::string::npos);
  EXPECT_EQ(own.find("{{title"), std::string::npos);
  EXPECT_NE(own.find("&lt;/script&gt;&lt;img onerror=alert(1)&gt;"), std::string::npos);
  EXPECT_NE(own.find("{{style}}"), std::string::npos) << "a name is not filled in";
  std::size_t scripts = 0;
  for (std::size_t at = page.find("<script"); at != std::string::npos; at = page.find("<script", at + 1)) ++scripts;
  EXPECT_EQ(scripts, 1U);
  RenderOptions svg;
  svg.format = RenderFormat::svg;
  const std::string picture = render(summarize(b.model(), testing::levels(-1)), svg);
  EXPECT_EQ(picture.find("<img"), std::string::npos);
  expect_well_formed("\n" + replaced(picture, assets::kTreemapCss, ""));
}

TEST(Report, AsksForNothingFromOutside) {
  const std::string page = page_of(testing::read_bare("pytorch/gat_module_before.pt"));
  for (const char* word : {"http:", "https:", " src=", " href=", "@import", "<link", "<iframe"})
    EXPECT_EQ(page.find(word), std::string::npos) << word;
  EXPECT_NE(page.find("default-src 'none'; style-src 'sha256-"), std::string::npos);
  expect_well_formed(own_text(page));
}

TEST(Report, TheSameModelHasTheSamePage) {
  const Model model = testing::read_bare("pytorch/gat_module_before.pt");
  EXPECT_EQ(page_of(model), page_of(testing::read_bare("pytorch/gat_module_before.pt")));
}

// As many boxes and rows as a browser can bear; what is left out is told.
TEST(Report, OfManyModulesIsBounded) {
  Build b;
  b.model().source = "wide.pt";
  for (std::uint64_t i = 0; i < 12'000; ++i) b.add(fmt::format("part{}.layer{}.weight", i % 300, i), {i + 1});
  const std::string page = page_of(b.model());
  EXPECT_LT(page.size(), 3'000'000U);
  EXPECT_NE(page.find("more rows; --depth and --filter choose others, --format csv tells all"), std::string::npos);
  EXPECT_NE(page.find("more</text>"), std::string::npos);
}

TEST(Report, OfDeepModulesIsBounded) {
  Build b;
  std::string path = "deep";
  for (int i = 0; i < 200; ++i) path += ".deep";
  b.add(path + ".weight", {8});
  b.add("wide.weight", {8});
  const std::string page = page_of(b.model());
  std::size_t open = 0, deepest = 0;
  for (std::size_t at = page.find("<svg class=\"in\""); at != std::string::npos; ++at) {
    if (page.compare(at, 15, "<svg class=\"in\"") == 0) deepest = std::max(deepest, ++open);
    if (page.compare(at, 12, "</svg></svg>") == 0 && open > 0) --open;
    if (at + 1 >= page.size()) break;
  }
  EXPECT_LE(deepest, ReportLimits().depth);
}

std::string picture_of(const Model& model, const RenderOptions& options) {
  return replaced(render(summarize(model, testing::levels(-1)), options), assets::kTreemapCss, "");
}

// What is tied has its box where it is counted: 100 and 20 numbers of 4 bytes, whose places are 5/6 and 1/6.
TEST(Svg, DrawsATieOnce) {
  Build b;
  b.model().source = "tied.pt";
  b.add("wte.weight", {10, 10});
  b.add("mlp.weight", {20});
  b.add_tied("lm_head.weight", "wte.weight");
  RenderOptions svg;
  svg.format = RenderFormat::svg;
  const std::string picture = picture_of(b.model(), svg);
  EXPECT_EQ(picture.find("lm_head"), std::string::npos);
  EXPECT_NE(picture.find("width=\"83.33%\" height=\"100%\""), std::string::npos) << picture;
  EXPECT_NE(picture.find("width=\"16.67%\" height=\"100%\""), std::string::npos);
}

// Three layers of 8 numbers are one box of 24, three quarters of all.
TEST(Svg, DrawsIdenticalSiblingsOnce) {
  Build b;
  b.model().source = "folded.pt";
  for (const char* layer : {"0", "1", "2"}) b.add(std::string("layers.") + layer + ".weight", {8});
  b.add("head.weight", {8});
  RenderOptions svg;
  svg.format = RenderFormat::svg;
  const std::string picture = picture_of(b.model(), svg);
  EXPECT_NE(picture.find("layers.0…2.weight  ×3 · [8] · 24 parameters · 96 B"), std::string::npos) << picture;
  EXPECT_NE(picture.find("width=\"75%\" height=\"100%\""), std::string::npos);
  EXPECT_EQ(picture.find("layers.1"), std::string::npos);
}

TEST(Report, OfNothing) {
  Build b;
  b.model().source = "empty.pt";
  b.model().format = "PyTorch";
  const std::string page = own_text(page_of(b.model()));
  expect_well_formed(page);
  EXPECT_EQ(page.find("Treemap"), std::string::npos);
}

TEST(Svg, OfAModelThatIsNotInitialised) {
  RenderOptions svg;
  svg.format = RenderFormat::svg;
  const Model model = testing::read_bare("pytorch/gat_module_before.pt");
  const std::string picture = render(summarize(model, testing::levels(-1)), svg);
  testing::expect_golden("reports/gat_module_before_svg", replaced(picture, assets::kTreemapCss, "…"));
}

TEST(Svg, OfNothingIsRefused) {
  Build b;
  b.model().source = "empty.pt";
  RenderOptions svg;
  svg.format = RenderFormat::svg;
  const Summary summary = summarize(b.model());
  try {
    render(summary, svg);
    FAIL() << "there is nothing to draw";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "empty.pt: there is nothing to draw: no row has a size, or rows were chosen by --filter or --top");
  }
}

}  // namespace
}  // namespace weigh
