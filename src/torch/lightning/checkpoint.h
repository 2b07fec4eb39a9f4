// Saving at points where nothing is half done, and going on from there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lightning/session.h"

#include "weigh/torch/weights.h"

namespace weigh::lightning {

// What the loop needs to go on from a checkpoint in the middle of an epoch: the state of the generators before its
// batches were drawn.
void remember_epoch_start(Session& session);
// Whether the epoch is one that a checkpoint was in the middle of; the loader stands where it stood then.
bool resume_epoch(Session& session);
// Random numbers go on where they were when the checkpoint was made.
void resume_random(Session& session);
// Writes what callbacks asked for since the last call, as agree_on_stops() found out.
void save_requested(Session& session);

// A checkpoint that fits the model.
struct Checkpoint {
  Weights all;                  // averages of weights, too
  Weights weights;              // the module's own
  std::filesystem::path state;  // of the training; empty where the weights are enough
};

// Nothing where no path is given. Refuses what is of another model, or nothing that training can go on from, before
// anything is changed.
std::optional<Checkpoint> open_checkpoint(const Session& session, const std::string& path);
// The weights, and the state of callbacks and module. Lazy layers take their shapes from the file.
void load_model(Session& session, const Checkpoint& checkpoint);
// Optimizers, schedulers, generators and the loop, once optimizers are configured.
void load_training(Session& session, const Checkpoint& checkpoint);

// The files NAME.STEP.state and NAME.STEP-N.state beside a checkpoint NAME.safetensors, of whatever step.
std::vector<std::filesystem::path> states_of(const std::filesystem::path& checkpoint);

// checkpoint_state.cpp: what is no weight, as an archive of libtorch
void write_state(const Session& session, torch::serialize::OutputArchive& archive);
void read_state(Session& session, torch::serialize::InputArchive& archive);

}  // namespace weigh::lightning
