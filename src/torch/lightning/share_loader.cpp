// A part of the batches: PyTorch's DistributedSampler, for batches of any loader.
#include "lightning/data_parallel.h"
#include "lightning/random_state.h"

namespace weigh::lightning {
namespace {

// All processes go through all batches in one order, which is why a pass begins with the random numbers of rank 0.
class ShareLoader : public Loader {
 public:
  ShareLoader(std::unique_ptr<Loader> all, std::shared_ptr<processes::Group> group, bool fills_up)
      : all_(std::move(all)), group_(std::move(group)), fills_up_(fills_up) {}

  // Of the process that has the most.
  std::optional<std::int64_t> size() const override {
    const auto of_all = all_->size();
    if (!of_all) return std::nullopt;
    return (*of_all + group_->size() - 1) / group_->size();
  }
  void start() override {
    share_random(*group_);
    all_->start();
    first_.clear();
    deal();
  }
  bool is_done() override { return !at_hand_.data; }
  AnyBatch batch() override { return at_hand_; }
  void advance() override { deal(); }
  void stop() override {
    all_->stop();
    first_.clear();
    at_hand_ = {};
  }

 private:
  // One batch to each.
  void deal() {
    at_hand_ = {};
    for (int rank = 0; rank < group_->size(); ++rank, all_->advance()) {
      if (all_->is_done()) {
        if (rank > 0 && rank <= group_->rank() && fills_up_)
          at_hand_ = first_[static_cast<std::size_t>(group_->rank() - rank) % first_.size()];
        return;
      }
      if (fills_up_ && first_.size() + 1 < static_cast<std::size_t>(group_->size())) first_.push_back(all_->batch());
      if (rank == group_->rank()) at_hand_ = all_->batch();
    }
  }

  std::unique_ptr<Loader> all_;
  std::shared_ptr<processes::Group> group_;
  bool fills_up_;
  std::vector<AnyBatch> first_;
  AnyBatch at_hand_;
};

}  // namespace

std::unique_ptr<Loader> make_share(std::unique_ptr<Loader> all, std::shared_ptr<processes::Group> group,
                                   bool fills_up) {
  if (!all) return nullptr;
  return std::make_unique<ShareLoader>(std::move(all), std::move(group), fills_up);
}

void share_random(processes::Group& group) {
  torch::Tensor state = RandomState(torch::kCPU).of_cpu().clone();
  group.broadcast(processes::Meeting::loader, state);
  RandomState(torch::kCPU, state, torch::Tensor()).restore();
}

}  // namespace weigh::lightning
