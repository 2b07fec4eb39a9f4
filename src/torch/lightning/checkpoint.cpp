// Two files: NAME.safetensors holds the weights and facts as text, and names NAME.STEP.state, which holds the rest. The
// state is written first, under a name of its own; the weights then take the place of the older ones, and with them of
// the older state. Whenever the process ends, there is a pair that belongs together.
#include "lightning/checkpoint.h"

#include <filesystem>

#include <fmt/format.h>

#include "lightning/data_parallel.h"
#include "weights/atomic_file.h"

#include "weigh/torch/uninitialized.h"
#include "weigh/torch/weights.h"

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

std::vector<NamedTensor> tensors_of(const ModuleBase& module) {
  std::vector<NamedTensor> tensors;
  const auto add = [&](const std::string& name, const torch::Tensor& tensor) {
    if (tensor.defined() && !nn::is_uninitialized(tensor)) tensors.push_back({name, tensor.detach()});
  };
  for (const auto& item : module.named_parameters()) add(item.key(), item.value());
  for (const auto& item : module.named_buffers()) add(item.key(), item.value());
  return tensors;
}

std::string text_of(const std::variant<std::int64_t, double, bool, std::string>& value) {
  struct Text {
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(const std::string& text) const { return text; }
  };
  return std::visit(Text(), value);
}

using Facts = std::map<std::string, std::string>;

Facts facts_of(Session& session, const std::string& state_name) {
  Facts facts{{"format", kFormat},
              {"epoch", std::to_string(session.progress.epoch)},
              {"global_step", std::to_string(session.progress.global_step)},
              {"state", state_name}};
  for (const auto& [name, value] : session.module->hparams) facts["hparams." + name] = text_of(value);
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
  archive.save_to([&](const void* bytes, std::size_t count) -> std::size_t {
    file.write(bytes, count);
    return count;
  });
  file.commit();
}

void save(Session& session, const std::string& given) {
  const fs::path path = with_suffix(given);
  const fs::path folder = folder_of(path);
  std::error_code none;
  fs::create_directories(folder, none);
  const std::string state_name = fmt::format("{}.{}.state", stem_of(path), session.progress.global_step);
  write_state_file(session, folder / state_name);
  save_safetensors(path.string(), tensors_of(*session.module), facts_of(session, state_name));
  for (const fs::path& state : states_of(path))  // of checkpoints that had this name before
    if (state.filename() != state_name) fs::remove(state, none);
}

Facts facts_in(const std::string& path) {
  Facts facts = load_weights(path).metadata;
  const auto found = facts.find("format");
  if (found == facts.end() || found->second != kFormat)
    throw Error(ErrorKind::unsupported, path,
                "holds weights, but not the state of a training, which training goes on from: load it with "
                "weigh::load_state_dict, or give the .safetensors file that this Trainer saved");
  return facts;
}

}  // namespace

std::vector<fs::path> states_of(const fs::path& checkpoint) {
  constexpr std::string_view kState = ".state";
  const std::string stem = stem_of(checkpoint) + ".";
  std::vector<fs::path> states;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder_of(checkpoint), none)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(stem) || !name.ends_with(kState) || name.size() <= stem.size() + kState.size()) continue;
    const std::string step = name.substr(stem.size(), name.size() - stem.size() - kState.size());
    if (step.find_first_not_of("0123456789") == std::string::npos) states.push_back(entry.path());
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

void load_model(Session& session, const std::string& path) {
  const Weights weights = load_weights(path);
  const LoadReport report = load_state_dict(*session.module, weights, {.strict = false});
  std::vector<std::string> lacking;
  for (const auto& item : session.module->named_parameters())
    if (nn::is_uninitialized(item.value())) lacking.push_back(item.key());
  for (const auto& item : session.module->named_buffers())
    if (nn::is_uninitialized(item.value())) lacking.push_back(item.key());
  LoadReport serious = report;
  std::erase_if(serious.missing, [&](const std::string& name) {
    return std::find(lacking.begin(), lacking.end(), name) != lacking.end();  // it had no shape when it was saved
  });
  if (!serious.is_clean()) throw Error(ErrorKind::unsupported, path, serious.text());
  const Facts& facts = weights.metadata;
  session.module->on_load_checkpoint(below(facts, "module."));
  for (const auto& callback : session.callbacks) {
    const Facts state = below(facts, "callback." + callback->state_key() + "/");
    if (!callback->state_key().empty() && !state.empty() && session.task == Task::fit) callback->load_state(state);
  }
}

void load_training(Session& session, const std::string& path) {
  const Facts facts = facts_in(path);
  const fs::path state = fs::path(path).parent_path() / facts.at("state");
  if (!fs::exists(state))
    throw Error(ErrorKind::not_found, state.string(),
                "is not there, but " + path + " goes with it; were both files copied?");
  torch::serialize::InputArchive archive;
  archive.load_from(state.string());
  read_state(session, archive);
}

}  // namespace weigh::lightning
