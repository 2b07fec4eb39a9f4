#include "cli/run.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/notes.h"
#include "cli/options.h"
#include "render/text.h"

#include "weigh/document.h"
#include "weigh/explain.h"
#include "weigh/weigh.h"

namespace weigh::cli {
namespace {

class MainJob {
 public:
  MainJob(Options options, const Console& console) : options_(std::move(options)), console_(console) {
    apply(options_.screen, console, options_.render);
    options_.render.time = console.time;
    if (!options_.explained) document_ = document(options_.render);
  }

  int run() {
    if (options_.list_formats) {
      list_formats();
      return kDone;
    }
    if (is_json() && options_.files.size() > 1) begin_array();
    for (const std::string& file : options_.files) {
      if (!weigh_each(file)) weigh(file);
    }
    if (is_array_) console_.out("]\n");
    if (added_ > 0) console_.out(document_->text());
    return unusable_ ? kUnusable : check_failed_ ? kCheckFailed : kDone;
  }

 private:
  void list_formats() {
    std::size_t width = 0;
    for (const FormatInfo& format : formats()) width = std::max(width, format.name.size());
    for (const FormatInfo& format : formats())
      console_.out(fmt::format("{:<{}}  {}\n", format.name, width, format.description));
  }

  bool is_json() const { return options_.render.format == RenderFormat::json; }

  void begin_array() {
    if (!std::exchange(is_array_, true)) console_.out("[\n");
  }

  void show(const std::string& text) {
    if (shown_ > 0 && options_.render.format == RenderFormat::svg && !options_.explained)
      throw Error(ErrorKind::usage, "", "svg is the picture of one model; --format html shows several");
    if (shown_++ > 0) console_.out(is_array_ ? ",\n" : "\n");
    console_.out(text);
  }

  void weigh(const std::string& file) {
    attempt(file, [&] {
      Model model = console_.read(file);
      say(said_of(model));
    });
  }

  // What there is to say of one model.
  struct Said {
    std::string text;
    std::function<void()> add = {};  // to the document, instead of a text
    std::vector<std::string> notes;
    bool is_initialized = true;
  };

  Said said_of(Model& model) const {
    set_sizes(model, options_.sizes);
    const Summary summary = summarize(model, options_.summary);
    Said said = {"", {}, note_lines(model, summary.notes), summary.uninitialized.empty()};
    if (document_)
      said.add = document_->prepare(summary);
    else
      said.text = options_.explained ? explain(summary, *options_.explained, options_.render)
                                     : render(summary, options_.render);
    return said;
  }

  void say(const Said& said) {
    for (const std::string& line : said.notes) complain(line);
    check(said.is_initialized);
    if (!said.add) return show(said.text);
    said.add();
    ++added_;
  }

  // Models of a directory that is none itself: lines of a list, or each as if it were named. False for all else.
  bool weigh_each(const std::string& file) {
    if (!console_.read_each) return false;
    const RenderFormat format = options_.render.format;
    const bool is_whole = options_.explained || document_ || format == RenderFormat::json ||
                          format == RenderFormat::lightning || format == RenderFormat::svg;
    Listing listing{file, {}};
    std::size_t count = 0;
    const bool is_done = attempt(file, [&] {
      const Look whole = [this](Model model) {
        return [this, said = said_of(model)] {
          if (is_json()) begin_array();
          say(said);
        };
      };
      const Look line = [this, &listing](Model model) {
        set_sizes(model, options_.sizes);
        return add_to(listing, model);
      };
      count = console_.read_each(file, is_whole ? whole : line,
                                 [&](const Error& error) { fail(fmt::format("weigh: {}", error.what())); });
    });
    if (!listing.models.empty()) {
      if (const std::string line = notes_line(listing); !line.empty()) complain(line);
      arrange(listing, options_.summary);
      show(render(listing, options_.render));
    }
    return !is_done || count > 0;
  }

  std::function<void()> add_to(Listing& listing, const Model& model) {
    SummaryOptions totals_only = options_.summary;
    totals_only.depth = 0;
    totals_only.fold = false;
    const Summary summary = summarize(model, totals_only);
    std::string_view name = model.source;
    if (name.starts_with(listing.source)) name.remove_prefix(listing.source.size());
    name.remove_prefix(std::min(name.find_first_not_of('/'), name.size()));
    return [this, &listing, one = listed(summary, std::string(name)),
            is_initialized = summary.uninitialized.empty()]() mutable {
      listing.models.push_back(std::move(one));
      check(is_initialized);
    };
  }

  void check(bool is_initialized) {
    if (options_.strict && !is_initialized) check_failed_ = true;
  }

  // Whether it was done; else what stopped it was said.
  template <class Work>
  bool attempt(const std::string& file, Work&& work) {
    try {
      work();
      return true;
    } catch (const std::bad_alloc&) {
      fail(fmt::format("weigh: {}: needs more memory than there is", file));
    } catch (const std::exception& error) {
      fail(fmt::format("weigh: {}", error.what()));
    }
    return false;
  }

  void fail(std::string_view line) {
    complain(line);
    unusable_ = true;
  }

  void complain(std::string_view line) { console_.err(printable(line, options_.render.unicode) + "\n"); }

  Options options_;
  const Console& console_;
  std::unique_ptr<Document> document_;  // of formats that tell of all models in one text
  int shown_ = 0;
  int added_ = 0;
  bool is_array_ = false;  // JSON texts stand in one
  bool unusable_ = false;
  bool check_failed_ = false;
};

}  // namespace

int run(const std::vector<std::string>& arguments, const Console& console) {
  if (!arguments.empty()) {
    for (const Command& command : commands())
      if (command.name == arguments.front()) return command.run({arguments.begin() + 1, arguments.end()}, console);
  }
  std::variant<Options, Answer> parsed = parse(arguments);
  if (const Answer* said = std::get_if<Answer>(&parsed)) return answer(*said, console);
  return MainJob(std::get<Options>(std::move(parsed)), console).run();
}

}  // namespace weigh::cli
