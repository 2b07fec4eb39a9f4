// Two files: NAME.safetensors holds the weights and facts as text, and names NAME.STEP.state, which holds the rest. The
// state is written first, under a name that no file has; the weights then take the place of the older ones, and with
// them of the older state. Whenever the process ends, there is a pair that belongs together.
#include "lightning/checkpoint.h"

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "lightning/averages.h"
#include "lightning/data_parallel.h"
#include "weights/atomic_file.h"

#include "weigh/lightning/averaging.h"
#include "weigh/lightning/load_from_checkpoint.h"
#include "weigh/torch/uninitialized.h"

namespace weigh::lightning {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "weigh.lightning.1";
constexpr const char* kSuffix = ".safetensors";

fs::path with_suffix(const std::string& path) { return path.ends_with(kSuffix) ? path : path + kSuffix; }

std::string stem_of(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.substr(0, name.size() - std::string_view(kSuffix).size());
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

std::string text_of(const HParams::mapped_type& value) {
  struct Text {
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(const std::string& text) const { return text; }
  };
  return std::visit(Text(), value);
}

// What an hparam is: a text that looks like a number is none.
const char* type_of(const HParams::mapped_type& value) {
  constexpr const char* kTypes[] = {"int", "float", "bool", "str"};
  return kTypes[value.index()];
}

HParams::mapped_type value_of(const std::string& text, const std::string& type) {
  if (type == "int") return static_cast<std::int64_t>(std::stoll(text));
  if (type == "float") return std::strtod(text.c_str(), nullptr);
  if (type == "bool") return text == "true";
  return text;
}

using Facts = std::map<std::string, std::string>;

Facts facts_of(Session& session, const std::string& state_name) {
  Facts facts{{"format", kFormat},
              {"epoch", std::to_string(session.progress.epoch)},
              {"global_step", std::to_string(session.progress.global_step)},
              {"state", state_name}};
  for (const auto& [name, value] : session.module->hparams) {
    facts["hparams." + name] = text_of(value);
    facts["hparam_types." + name] = type_of(value);
  }
  Facts own;
  session.module->on_save_checkpoint(own);
  for (const auto& [name, value] : own) facts["module." + name] = value;
  for (const auto& callback : session.callbacks) {
    if (callback->state_key().empty()) continue;
    for (const auto& [name, value] : callback->state()) facts["callback." + callback->state_key() + "/" + name] = value;
  }
  return facts;
}

// Of the facts whose name begins so, without that.
Facts below(const Facts& facts, const std::string& prefix) {
  Facts found;
  for (const auto& [name, value] : facts)
    if (name.starts_with(prefix)) found[name.substr(prefix.size())] = value;
  return found;
}

void write_state_file(const Session& session, const fs::path& path) {
  torch::serialize::OutputArchive archive;
  write_state(session, archive);
  AtomicFile file(path.string());
  std::exception_ptr failure;  // must not pass through libtorch's writer, which writes its end when it is destroyed
  archive.save_to([&](const void* bytes, std::size_t count) -> std::size_t {
    try {
      if (!failure) file.write(bytes, count);
    } catch (...) {
      failure = std::current_exception();
    }
    return count;
  });
  if (failure) std::rethrow_exception(failure);
  file.commit();
}

// Of no file that is there: it may belong to a checkpoint of another run, which is good until it is replaced.
std::string free_state_name(const fs::path& folder, const std::string& stem, std::int64_t step) {
  std::string name = fmt::format("{}.{}.state", stem, step);
  for (int i = 2; fs::exists(folder / name); ++i) name = fmt::format("{}.{}-{}.state", stem, step, i);
  return name;
}

void save(Session& session, const std::string& given) {
  const fs::path path = with_suffix(given);
  const fs::path folder = folder_of(path);
  std::error_code none;
  fs::create_directories(folder, none);
  const std::string state_name = free_state_name(folder, stem_of(path), session.progress.global_step);
  write_state_file(session, folder / state_name);
  try {
    Weights checkpoint;
    add(checkpoint, "", tensors_of(*session.module, true));
    checkpoint.metadata = facts_of(session, state_name);
    for (const auto& callback : session.callbacks)
      callback->on_save_checkpoint(session.trainer, *session.module, checkpoint);
    save_safetensors(path.string(), checkpoint.tensors, checkpoint.metadata);
  } catch (...) {
    fs::remove(folder / state_name, none);  // what it belongs to was not written
    throw;
  }
  for (const fs::path& state : states_of(path))  // of checkpoints that had this name before
    if (state.filename() != state_name) fs::remove(state, none);
}

[[noreturn]] void fail_without_state(const Weights& weights) {
  throw Error(ErrorKind::unsupported, weights.source,
              "holds weights, but not the state of a training, which training goes on from: load it with "
              "weigh::load_state_dict, or give the .safetensors file that this Trainer saved");
}

// The name stands in the file, and is one of the files beside it, or nothing is opened.
fs::path state_of(const Weights& weights, const fs::path& checkpoint) {
  const Facts& facts = weights.metadata;
  const auto format = facts.find("format");
  const auto name = facts.find("state");
  if (format == facts.end() || format->second != kFormat || name == facts.end()) fail_without_state(weights);
  if (name->second.empty() || fs::path(name->second).filename() != name->second)
    throw Error(ErrorKind::corrupt, weights.source,
                fmt::format("names its state '{}', which is no name of a file beside it", name->second.substr(0, 200)));
  fs::path state = folder_of(checkpoint) / name->second;
  if (!fs::exists(state))
    throw Error(ErrorKind::not_found, state.string(),
                "is not there, but " + weights.source + " goes with it; were both files copied?");
  return state;
}

HParams hparams_in(const Facts& facts) {
  HParams hparams;
  const Facts types = below(facts, "hparam_types.");
  for (const auto& [name, text] : below(facts, "hparams.")) {
    const auto type = types.find(name);
    hparams.emplace(name, value_of(text, type == types.end() ? "str" : type->second));
  }
  return hparams;
}

// What has no shape in the module may be missing: it had none when it was saved, and so was not.
void erase_uninitialized(std::vector<std::string>& names, const ModuleBase& module) {
  std::set<std::string> without_shape;
  for (const auto& item : module.named_parameters())
    if (nn::is_uninitialized(item.value())) without_shape.insert(item.key());
  for (const auto& item : module.named_buffers())
    if (nn::is_uninitialized(item.value())) without_shape.insert(item.key());
  std::erase_if(names, [&](const std::string& name) { return without_shape.count(name) > 0; });
}

void tell_of_average(Session& session, const Checkpoint& checkpoint) {
  Weights all = checkpoint.all;
  if (take(all, kCurrent).empty()) return;
  for (const auto& callback : session.callbacks)
    if (dynamic_cast<WeightAveraging*>(callback.get())) return;
  session.trainer.add_note(
      {"average", checkpoint.all.source,
       fmt::format("the checkpoint holds an average of weights and, under {}, those that were trained; "
                   "without WeightAveraging among the callbacks training goes on from the average",
                   kCurrent)});
}

Weights without_averages(const Weights& all) {
  Weights own = all;
  take(own, kCurrent);
  take(own, kAverage);
  return own;
}

}  // namespace

HParams load_hparams(const std::string& checkpoint) { return hparams_in(load_weights(checkpoint).metadata); }

void load_module(ModuleBase& module, const std::string& checkpoint) {
  const Weights all = load_weights(checkpoint);
  const Facts& facts = all.metadata;
  const bool is_ours = facts.count("format") > 0 && facts.at("format") == kFormat;
  if (!is_ours) {
    load_state_dict(module, checkpoint);
    return;
  }
  load_state_dict(module, without_averages(all));
  if (module.hparams.empty()) module.hparams = hparams_in(facts);
  module.on_load_checkpoint(below(facts, "module."));
}

std::vector<fs::path> states_of(const fs::path& checkpoint) {
  constexpr std::string_view kState = ".state";
  const std::string stem = stem_of(checkpoint) + ".";
  std::vector<fs::path> states;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder_of(checkpoint), none)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(stem) || !name.ends_with(kState) || name.size() <= stem.size() + kState.size()) continue;
    const std::string step = name.substr(stem.size(), name.size() - stem.size() - kState.size());
    if (step.find_first_not_of("0123456789-") == std::string::npos) states.push_back(entry.path());
  }
  return states;
}

void remember_epoch_start(Session& session) { session.epoch_start.emplace(session.options.device); }

bool resume_epoch(Session& session) {
  if (!session.resumes || !session.resumes->epoch_start) return false;
  const ResumePoint point = *session.resumes;
  session.resumes.reset();
  point.epoch_start->restore();
  session.epoch_start = point.epoch_start;
  Loader& loader = *session.train_loader;
  loader.start();
  for (std::int64_t i = 0; i < session.progress.batch; ++i) {
    if (loader.is_done())
      throw Error(
          ErrorKind::usage, "ckpt_path",
          fmt::format("the checkpoint was made after batch {} of an epoch, but the loader has {}: it is not the "
                      "loader that the training was begun with",
                      session.progress.batch, i));
    loader.batch();
    loader.advance();
  }
  session.is_last_batch = loader.is_done();
  session.train_results.restore(session.is_first() ? point.results : std::vector<Result>());  // they are added up
  point.now.restore();
  return true;
}

void resume_random(Session& session) {
  if (!session.resumes || session.resumes->epoch_start) return;
  session.resumes->now.restore();
  session.resumes.reset();
}

void save_requested(Session& session) {
  if (!std::exchange(session.saves, false)) return;
  add_up_results(session, session.train_results);
  for (const auto& [path, then] : std::exchange(session.requests, {})) {
    if (!session.is_first()) continue;
    save(session, path);
    if (then) then();
  }
  if (session.group) session.group->meet(processes::Meeting::checkpoint);  // the file is there for all
}

std::optional<Checkpoint> open_checkpoint(const Session& session, const std::string& path) {
  if (path.empty()) return std::nullopt;
  Checkpoint checkpoint{load_weights(path), {}, {}};
  checkpoint.weights = without_averages(checkpoint.all);
  LoadReport report = check_state_dict(*session.module, checkpoint.weights);
  erase_uninitialized(report.missing, *session.module);
  if (!report.is_clean())
    throw Error(ErrorKind::unsupported, path,
                "is a checkpoint of another model; the module is left as it was\n" + report.text());
  if (session.task == Task::fit) checkpoint.state = state_of(checkpoint.weights, path);
  return checkpoint;
}

void load_model(Session& session, const Checkpoint& checkpoint) {
  load_state_dict(*session.module, checkpoint.weights, {.strict = false});
  const Facts& facts = checkpoint.weights.metadata;
  session.module->on_load_checkpoint(below(facts, "module."));
  if (session.task != Task::fit) return;
  tell_of_average(session, checkpoint);
  for (const auto& callback : session.callbacks) {
    const Facts state = below(facts, "callback." + callback->state_key() + "/");
    if (!callback->state_key().empty() && !state.empty()) callback->load_state(state);
    callback->on_load_checkpoint(session.trainer, *session.module, checkpoint.all);
  }
}

void load_training(Session& session, const Checkpoint& checkpoint) {
  const std::string state = checkpoint.state.string();
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(state);
    read_state(session, archive);
  } catch (const c10::Error& error) {
    throw Error(ErrorKind::corrupt, state,
                fmt::format("cannot be read as the state of a training: {}. The weights beside it can be loaded with "
                            "weigh::load_state_dict",
                            error.what_without_backtrace()));
  }
}

}  // namespace weigh::lightning
