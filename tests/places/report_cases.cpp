#include "report_cases.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "bytes/folder.h"
#include "support/files.h"
#include "support/scratch_folder.h"

#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

// What the program says: an object of `--format json` for each model, a line for what it refuses.
struct Said {
  std::vector<OrderedJson> models;
  std::vector<std::string> errors;
};

OrderedJson as_json(const Model& model) {
  RenderOptions options;
  options.format = RenderFormat::json;
  return OrderedJson::parse(render(summarize(model), options));
}

void say(Folder& folder, const std::string& name, Said& said) {
  const Look look = [&said](Model model) { return [&said, text = as_json(model)] { said.models.push_back(text); }; };
  const auto fail = [&said](const Error& error) { said.errors.emplace_back(error.what()); };
  if (name.empty() && read_each(folder, {}, look, fail) > 0) return;
  said.models.push_back(as_json(read(folder, name)));
}

void write(const std::filesystem::path& root, const OrderedJson& told,
           const std::map<std::string, std::string>& files) {
  for (const auto& [name, bytes] : files) {
    const std::filesystem::path path = root / name;
    std::filesystem::create_directories(path.parent_path());
    if (told[name].contains("link")) {
      std::filesystem::create_symlink(bytes, path);
    } else {
      std::ofstream(path, std::ios::binary) << bytes;
    }
  }
}

Said said_of(const OrderedJson& told) {
  const OrderedJson& files = told["files"];
  const std::string name = told.value("read", "");
  Said said;
  try {
    const bool has_links =
        std::any_of(files.begin(), files.end(), [](const auto& file) { return file.contains("link"); });
    if (has_links) {
      const ScratchFolder scratch;
      write(scratch.path(), files, case_files(files));
      say(*open_folder(scratch.path_of(name)), "", said);
    } else {
      say(*memory_folder("", case_files(files)), name, said);
    }
  } catch (const Error& error) {
    said.errors.emplace_back(error.what());
  }
  return said;
}

class Judge {
 public:
  Judge(const OrderedJson& told, const Said& said) : told_(told), said_(said) {}

  Judgement judge() && {
    if (told_.value("error", false)) {
      refusal();
      return std::move(result_);
    }
    for (const std::string& error : said_.errors) add(Verdict::wrong, "refused: " + error);
    const std::size_t models = told_.value("models", std::size_t{1});
    if (said_.models.size() != models)
      add(any_exact() ? Verdict::wrong : Verdict::less,
          std::to_string(said_.models.size()) + " models for " + std::to_string(models));
    if (said_.models.size() != 1) return std::move(result_);
    totals();
    cache();
    tensors();
    notes();
    return std::move(result_);
  }

 private:
  const OrderedJson& model() const { return said_.models[0]; }
  const OrderedJson& ours(const char* name) const { return model()["totals"][name]; }
  bool any_exact() const {
    return said_.models.empty() || std::any_of(said_.models.begin(), said_.models.end(), [](const OrderedJson& model) {
             return model["totals"]["exact"].get<bool>();
           });
  }
  bool is_exact() const { return ours("exact").get<bool>(); }

  void add(Verdict verdict, const std::string& why) {
    if (verdict == Verdict::right) return;
    result_.verdict = std::max(result_.verdict, verdict);
    result_.why += (result_.why.empty() ? "" : "; ") + why;
  }

  void refusal() {
    if (said_.errors.empty()) add(Verdict::wrong, "was not refused");
    for (const std::string& error : said_.errors)
      for (const OrderedJson& words : told_.value("says", OrderedJson::array()))
        if (!has_any(error, words)) add(Verdict::less, "does not say " + words.dump() + ": " + error);
  }

  // Whether the text has one of these words, in whatever letters.
  static bool has_any(std::string text, const OrderedJson& words) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return std::any_of(words.begin(), words.end(), [&](const OrderedJson& word) {
      return text.find(word.get<std::string>()) != std::string::npos;
    });
  }

  // `is_bound`: what is told claims no more than to be a lower bound.
  void compare(const std::string& name, const OrderedJson& value, const OrderedJson& right, bool is_bound) {
    if (value == right) return;
    const bool is_less = value.is_null() || (is_bound && !right.is_null() && value <= right);
    add(is_less ? Verdict::less : Verdict::wrong, name + " " + value.dump() + " for " + right.dump());
  }

  void totals() {
    if (!told_.value("exact", true)) {
      if (is_exact()) add(Verdict::wrong, "parameters " + ours("parameters").dump() + " told as exact");
      return;
    }
    if (told_.contains("parameters")) parameters();
    for (const char* name : {"active_parameters", "optimizer_tensors"})
      if (told_.contains(name)) compare(name, ours(name), told_[name], !is_exact());
    if (told_.contains("bytes")) compare("bytes", ours("bytes"), told_["bytes"], !ours("bytes_exact").get<bool>());
    for (const char* name : {"buffers", "overhead_bytes"})
      if (told_.contains(name) && ours(name) != told_[name])
        add(is_exact() ? Verdict::wrong : Verdict::less,
            std::string(name) + " " + ours(name).dump() + " for " + told_[name].dump());
  }

  // Where "may_be_bound" is told, a lower bound is right, too.
  void parameters() {
    const OrderedJson& right = told_["parameters"];
    if (!is_exact() && told_.value("may_be_bound", false) && ours("parameters") <= right) return;
    compare("parameters", ours("parameters"), right, !is_exact());
    if (!is_exact()) add(Verdict::less, "parameters are told as a lower bound");
  }

  void cache() {
    const OrderedJson& cache = model()["token_cache"];
    for (const char* name : {"bytes_per_token", "bytes_at_context"}) {
      const OrderedJson value = cache.is_null() ? OrderedJson() : cache[name];
      if (told_.contains(name)) compare(name, value, told_[name], !cache.is_null() && !cache.value("exact", true));
      const std::string least = std::string(name) + "_at_least";
      if (told_.contains(least) && !value.is_null() && value < told_[least])
        add(Verdict::wrong, std::string(name) + " " + value.dump() + " for at least " + told_[least].dump());
    }
  }

  void tensors() {
    const auto each = [&](const char* name, const char* member) {
      if (!told_.contains(name)) return;
      for (const auto& [path, right] : told_[name].items()) {
        OrderedJson value;
        for (const OrderedJson& tensor : model()["tensors"])
          if (tensor["path"] == path) value = tensor[member];
        compare(path + " " + member, value, right, false);
      }
    };
    each("logical", "logical_parameters");
    each("schemes", "scheme");
    each("roles", "role");
  }

  // Each of "notes" has words, one of which a note must say.
  void notes() {
    if (!told_.contains("notes")) return;
    std::string all;
    for (const OrderedJson& note : model()["notes"])
      all += note["code"].get<std::string>() + " " + note["place"].get<std::string>() + " " +
             note["message"].get<std::string>() + "\n";
    for (const OrderedJson& words : told_["notes"])
      if (!has_any(all, words)) add(is_exact() ? Verdict::wrong : Verdict::less, "no note on " + words.dump());
  }

  const OrderedJson& told_;
  const Said& said_;
  Judgement result_;
};

}  // namespace

std::vector<ReportCase> report_cases() {
  std::vector<ReportCase> all;
  for (const std::string& path : files_below("reports")) {
    const std::filesystem::path name(path);
    if (name.extension() != ".json" || name.parent_path() != "reports") continue;
    for (OrderedJson& told : OrderedJson::parse(file(path))) {
      std::string title = told["name"];
      all.push_back({name.stem(), std::move(title), std::move(told)});
    }
  }
  return all;
}

std::vector<std::string> report_cases_not_yet() {
  std::istringstream lines(file("reports/not_yet.txt"));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  return names;
}

Judgement judge(const ReportCase& one) {
  const Said said = said_of(one.told);
  return Judge(one.told["expected"], said).judge();
}

}  // namespace weigh::testing
