#include "cli/run.h"

#include <algorithm>
#include <exception>
#include <new>
#include <variant>

#include <fmt/format.h>

#include "cli/notes.h"
#include "cli/options.h"
#include "render/text.h"

#include "weigh/weigh.h"

namespace weigh::cli {
namespace {

class Command {
 public:
  Command(Options options, const Console& console) : options_(std::move(options)), console_(console) {
    RenderOptions& render = options_.render;
    render.color = options_.color == ColorChoice::always || (options_.color == ColorChoice::automatic && console.color);
    render.unicode = console.unicode && !options_.ascii;
    render.width = console.width;
  }

  int run() {
    if (options_.list_formats) {
      list_formats();
      return kDone;
    }
    const bool is_json_array = options_.render.format == RenderFormat::json && options_.files.size() > 1;
    if (is_json_array) console_.out("[\n");
    for (const std::string& file : options_.files) {
      const std::string text = weigh(file);
      if (text.empty()) continue;
      if (shown_++ > 0) console_.out(is_json_array ? ",\n" : "\n");
      console_.out(text);
    }
    if (is_json_array) console_.out("]\n");
    return unusable_ ? kUnusable : check_failed_ ? kCheckFailed : kDone;
  }

 private:
  void list_formats() {
    std::size_t width = 0;
    for (const FormatInfo& format : formats()) width = std::max(width, format.name.size());
    for (const FormatInfo& format : formats())
      console_.out(fmt::format("{:<{}}  {}\n", format.name, width, format.description));
  }

  // The text for one file; empty where it cannot be had.
  std::string weigh(const std::string& file) {
    try {
      const Model model = console_.read(file);
      const Summary summary = summarize(model, options_.summary);
      std::string text = render(summary, options_.render);
      for (const std::string& line : note_lines(model)) complain(line);
      if (options_.strict && !summary.uninitialized.empty()) check_failed_ = true;
      return text;
    } catch (const std::bad_alloc&) {
      complain(fmt::format("weigh: {}: needs more memory than there is", file));
    } catch (const std::exception& error) {
      complain(fmt::format("weigh: {}", error.what()));
    }
    unusable_ = true;
    return "";
  }

  void complain(std::string_view line) { console_.err(printable(line, options_.render.unicode) + "\n"); }

  Options options_;
  const Console& console_;
  int shown_ = 0;
  bool unusable_ = false;
  bool check_failed_ = false;
};

}  // namespace

int run(const std::vector<std::string>& arguments, const Console& console) {
  std::variant<Options, Answer> parsed = parse(arguments);
  if (const Answer* answer = std::get_if<Answer>(&parsed)) {
    if (answer->is_error) {
      console.err(fmt::format("weigh: {}\n", printable(answer->text, console.unicode)));
      return kUnusable;
    }
    console.out(answer->text);
    return kDone;
  }
  return Command(std::get<Options>(std::move(parsed)), console).run();
}

}  // namespace weigh::cli
