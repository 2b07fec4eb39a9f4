// Real processes: what they exchange, and that none waits for one that failed, ended or hangs.
#include <csignal>

#include <gtest/gtest.h>

#include "processes/wire.h"
#include "support/files.h"
#include "torch/processes/run.h"

namespace weigh::processes {
namespace {

using testing::Ended;
using testing::run;
using weigh::testing::error_of;

struct Groups : ::testing::Test {
  void SetUp() override {
    if (!can_connect()) GTEST_SKIP() << "built without Gloo";
  }
};

TEST_F(Groups, ExchangeTensorsAndTexts) {
  const std::string of_two = "3 20 7 [zero] [of one] name of 0 5 6 10\n";
  const std::string of_three = "6 30 7 [zero] [of one] [zero] name of 0 5 6 7 10\n";
  for (const Ended& ended : run({.role = "exchange", .size = 2})) EXPECT_EQ(ended.printed, of_two) << ended.errors;
  for (const Ended& ended : run({.role = "exchange", .size = 3})) EXPECT_EQ(ended.printed, of_three) << ended.errors;
  for (const Ended& ended : run({.role = "exchange", .size = 3, .as_mpirun = true}))
    EXPECT_EQ(ended.printed, of_three) << ended.errors;
}

TEST_F(Groups, TellAllOfAFailureAndStayTogether) {
  const auto all = run({.role = "fail", .size = 3});
  EXPECT_EQ(all[0].printed, "rank 1: the loss is nan; rank 0 ends with it\n0\n");
  EXPECT_EQ(all[1].printed, "told\n0\n");
  EXPECT_EQ(all[2].printed, "rank 1: the loss is nan; rank 2 ends with it\n0\n");
}

std::string lost(int rank, int who) {
  return "rank " + std::to_string(rank) + ": ended while rank " + std::to_string(who) +
         " waited for it to average gradients; what it printed last tells why, or the system's log, if it was killed "
         "for want of memory\n";
}

TEST_F(Groups, NameTheOneThatWasKilled) {
  const auto all = run({.role = "die", .size = 3});
  EXPECT_EQ(all[0].errors, lost(1, 0));
  EXPECT_EQ(all[1].code, -SIGKILL);
  EXPECT_EQ(all[2].errors, lost(1, 2));
}

// With it the store is gone, by which they find out.
TEST_F(Groups, NameTheFirstWhenItWasKilled) {
  const auto all = run({.role = "die_first", .size = 3});
  EXPECT_EQ(all[0].code, -SIGKILL);
  EXPECT_EQ(all[1].errors, lost(0, 1));
  EXPECT_EQ(all[2].errors, lost(0, 2));
}

TEST_F(Groups, NameTheOneThatHangs) {
  const auto all = run({.role = "hang", .size = 3});
  const auto late = [](int rank, int who) {
    return "rank " + std::to_string(rank) + ": did not come within 1 s, while rank " + std::to_string(who) +
           " waited to average gradients; it is stuck, or slower than the others by more than that "
           "(TrainerOptions::process_timeout)\n";
  };
  const auto names = [&](int rank, int who) {
    return all[who].errors == late(rank, who) || all[who].errors == lost(rank, who);
  };
  // The first of them that gives up cuts its connections, by which the other notices. Where a machine stands still,
  // rank 0 may have waited for that in vain and be gone, and with it what it could tell rank 2.
  EXPECT_TRUE(names(1, 0)) << all[0].errors;
  EXPECT_TRUE(names(1, 2) || names(0, 2)) << all[2].errors;
  EXPECT_TRUE(all[0].errors == late(1, 0) || all[2].errors == late(1, 2));
}

TEST_F(Groups, SayWhoIsElsewhere) {
  for (const Ended& ended : run({.role = "differ", .size = 3}))
    EXPECT_EQ(ended.errors,
              "processes: do not do the same: rank 0 waits for the others to average gradients, rank 1 to end; does a "
              "step or a hook ask for the rank, or have the processes different options?\n");
  for (const Ended& ended : run({.role = "differ_in_size"}))
    EXPECT_EQ(ended.errors,
              "processes: do not have the same model: rank 0 has 2 numbers, rank 1 has 3, to average gradients\n");
}

TEST_F(Groups, NameThoseThatDidNotCome) {
  const std::string port = std::to_string(testing::free_port());
  const auto all = run({.role = "come", .size = 4, .environment = {{"MASTER_PORT", port}}, .absent = {1, 3}});
  EXPECT_EQ(all[0].errors, "ranks 1, 3: did not come to 127.0.0.1:" + port +
                               " within 5 s, where rank 0 waited for all 4 processes; were they started, with the same "
                               "WORLD_SIZE?\n");
  const auto alone = run({.role = "come", .environment = {{"MASTER_PORT", port}}, .absent = {0}});
  EXPECT_EQ(alone[1].errors, "rank 1: found nobody at 127.0.0.1:" + port +
                                 " within 5 s; was rank 0 started, and is that its machine (MASTER_ADDR) and its port "
                                 "(MASTER_PORT)?\n");
}

TEST_F(Groups, SayThatAPortIsTaken) {
  const testing::Listener taken;
  const std::string port = std::to_string(taken.port());
  const auto all = run({.role = "come", .environment = {{"MASTER_PORT", port}}, .absent = {1}});
  EXPECT_EQ(all[0].errors, "rank 0: cannot wait for the others at 127.0.0.1:" + port +
                               "; is the port (MASTER_PORT) taken by another run, or the address (MASTER_ADDR) one of "
                               "another machine?\n");
}

TEST(WithoutGloo, ConnectingIsRefused) {
  Member of_two;
  of_two.rank = 1;
  of_two.size = 2;
  EXPECT_EQ(error_of([&] { refuse_to_connect(of_two); }),
            "rank 1 of 2: training in several processes needs c10d with Gloo, which this build of weigh::torch found "
            "no header or library of: install libgloo-dev (Debian), or use a libtorch with USE_GLOO, and configure "
            "again; or run one process");
}

}  // namespace
}  // namespace weigh::processes
