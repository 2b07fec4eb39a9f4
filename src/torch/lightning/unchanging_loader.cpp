#include "lightning/random_state.h"
#include "lightning/session.h"

namespace weigh::lightning {
namespace {

class UnchangingLoader : public Loader {
 public:
  explicit UnchangingLoader(std::unique_ptr<Loader> inner) : inner_(std::move(inner)) {}

  std::optional<std::int64_t> size() const override { return inner_->size(); }
  // An order is drawn as a pass begins; what is drawn in training is not touched by later passes.
  void start() override {
    const RandomState now(torch::kCPU);
    if (!first_) {
      first_.emplace(now);
      return inner_->start();
    }
    first_->restore();
    inner_->start();
    now.restore();
  }
  bool is_done() override { return inner_->is_done(); }
  AnyBatch batch() override { return inner_->batch(); }
  void advance() override { inner_->advance(); }
  void stop() override { inner_->stop(); }

 private:
  std::unique_ptr<Loader> inner_;
  std::optional<RandomState> first_;
};

}  // namespace

std::unique_ptr<Loader> make_unchanging(std::unique_ptr<Loader> loader) {
  return loader ? std::make_unique<UnchangingLoader>(std::move(loader)) : nullptr;
}

}  // namespace weigh::lightning
