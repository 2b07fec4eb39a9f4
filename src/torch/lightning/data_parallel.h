// What several processes have in common while they train one model, each on a part of the batches. In one process, none
// of these functions does anything.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <torch/torch.h>

#include "lightning/session.h"
#include "processes/group.h"

namespace weigh::lightning {

// Which process this one is; nothing where there is one only, or the options want one only.
std::optional<processes::Member> member_for(const TrainerOptions& options);
// Waits for the others, the first time. From here on loaders give shares.
void join_processes(Session& session);
// Ends together with the others.
void leave_processes(Session& session);
// What was thrown here is thrown in the others, too.
void tell_processes(Session& session, const std::exception& error);

// Each has the parameters and buffers of rank 0.
void share_parameters(Session& session);
void share_buffers(Session& session);
// Random numbers go on as those of rank 0.
void share_random(Session& session);
// Gradients become the mean of those processes that had a loss; so does what is returned, the loss for the optimizer.
torch::Tensor average_gradients(Session& session, const torch::Tensor& loss);

// Whether the epoch ends with the batch at hand, in all if in one.
void agree_on_batch(Session& session);
// Whether to stop or to save, in all if in one; Ctrl-C is looked at here.
void agree_on_stops(Session& session);
// The mean of those that have one.
std::optional<double> agreed_number(Session& session, std::optional<double> own);
std::optional<std::int64_t> agreed_count(Session& session, std::optional<std::int64_t> batches);
// Adds up what was logged since the loop began.
void add_up_results(Session& session, Results& results);
// What predict_step returned, of all, in the order of the batches.
void collect_outputs(Session& session);

// share_loader.cpp: of the batches of `all`, every size()-th. Where they do not come out even, `fills_up` gives the
// first ones once more, so that all have as many; otherwise some have one less.
std::unique_ptr<Loader> make_share(std::unique_ptr<Loader> all, std::shared_ptr<processes::Group> group, bool fills_up);
void share_random(processes::Group& group);

}  // namespace weigh::lightning
