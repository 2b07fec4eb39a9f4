// What launchers say in the environment.
#include "processes/member.h"

#include <map>

#include <gtest/gtest.h>

#include "support/files.h"

namespace weigh::processes {
namespace {

using Environment = std::map<std::string, std::string>;

std::optional<Member> member_in(const Environment& environment) {
  return member_of([&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

std::string refusal(const Environment& environment) {
  return weigh::testing::error_of([&] { member_in(environment); });
}

TEST(Members, AreToldByTorchrun) {
  const auto member = member_in(
      {{"RANK", "5"}, {"WORLD_SIZE", "8"}, {"LOCAL_RANK", "1"}, {"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "1234"}});
  ASSERT_TRUE(member);
  EXPECT_EQ(member->rank, 5);
  EXPECT_EQ(member->size, 8);
  EXPECT_EQ(member->local_rank, 1);
  EXPECT_EQ(member->address, "10.0.0.1");
  EXPECT_EQ(member->port, 1234);
  EXPECT_EQ(member->run, "0");
}

TEST(Members, MeetBesideThePortThatTorchrunServes) {
  const auto member = member_in({{"RANK", "0"},
                                 {"WORLD_SIZE", "2"},
                                 {"MASTER_PORT", "29500"},
                                 {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                 {"TORCHELASTIC_RESTART_COUNT", "3"}});
  ASSERT_TRUE(member);
  EXPECT_EQ(member->port, 29501);
  EXPECT_EQ(member->run, "3");
}

TEST(Members, AreToldByOpenMpi) {
  const Environment told{{"OMPI_COMM_WORLD_RANK", "1"},
                         {"OMPI_COMM_WORLD_SIZE", "2"},
                         {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                         {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  const auto member = member_in(told);
  ASSERT_TRUE(member);
  EXPECT_EQ(member->rank, 1);
  EXPECT_EQ(member->size, 2);
  EXPECT_EQ(member->address, "127.0.0.1");
  EXPECT_EQ(member->port, 29500);
  Environment of_job = told;
  of_job["PMIX_NAMESPACE"] = "4242";
  EXPECT_EQ(member_in(of_job)->port, member_in(of_job)->port);
}

TEST(Members, AreNoneInOneProcess) {
  EXPECT_FALSE(member_in({}));
  EXPECT_FALSE(member_in({{"WORLD_SIZE", "1"}}));
  EXPECT_FALSE(member_in({{"RANK", "0"}, {"WORLD_SIZE", "1"}}));
  EXPECT_FALSE(member_in({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "1"}}));
  EXPECT_FALSE(member_in({{"MASTER_ADDR", "elsewhere"}, {"MASTER_PORT", "no port"}}));
}

TEST(Members, AreRefusedWhereTheEnvironmentMakesNoSense) {
  EXPECT_EQ(refusal({{"RANK", "1"}}),
            "WORLD_SIZE: is not set in the environment, but RANK is 1: a launcher sets both, the number of processes "
            "and which of them this one is (Strategy::single does not ask)");
  EXPECT_EQ(refusal({{"WORLD_SIZE", "2"}}),
            "RANK: is not set in the environment, but WORLD_SIZE is 2: a launcher sets both, the number of processes "
            "and which of them this one is (Strategy::single does not ask)");
  EXPECT_EQ(refusal({{"RANK", "2"}, {"WORLD_SIZE", "2"}}),
            "RANK: is 2 in the environment, but WORLD_SIZE is 2: ranks begin at 0, so that the last one is 1 "
            "(Strategy::single does not ask)");
  EXPECT_EQ(refusal({{"RANK", "one"}, {"WORLD_SIZE", "2"}}),
            "RANK: is \"one\" in the environment, which is no number that a launcher would set (Strategy::single does "
            "not ask)");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "2 "}}),
            "WORLD_SIZE: is \"2 \" in the environment, which is no number that a launcher would set (Strategy::single "
            "does not ask)");
  EXPECT_EQ(refusal({{"RANK", "-1"}, {"WORLD_SIZE", "2"}}),
            "RANK: is -1 in the environment; it is a number from 0 to 1048576 (Strategy::single does not ask)");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "0"}}),
            "WORLD_SIZE: is 0 in the environment; it is a number from 1 to 1048576 (Strategy::single does not ask)");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "65536"}}),
            "MASTER_PORT: is 65536 in the environment; it is a number from 1 to 65535 (Strategy::single does not ask)");
  EXPECT_EQ(refusal({{"OMPI_COMM_WORLD_RANK", "3"}, {"OMPI_COMM_WORLD_SIZE", "3"}}),
            "OMPI_COMM_WORLD_RANK: is 3 in the environment, but OMPI_COMM_WORLD_SIZE is 3: ranks begin at 0, so that "
            "the last one is 2 (Strategy::single does not ask)");
  EXPECT_EQ(
      refusal({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}}),
      "MASTER_ADDR: is not set, but mpirun started 4 processes on several machines: pass the address of the one "
      "with rank 0, mpirun -x MASTER_ADDR=… (Strategy::single does not ask)");
}

}  // namespace
}  // namespace weigh::processes
