// Starts the other processes of a run on this machine: the same program with the same arguments, from its beginning.
#pragma once

namespace weigh::processes {

// This process becomes rank 0 of `size`; the environment of all says so, as torchrun would. When the program ends, it
// waits for the others to end, too. Throws weigh::Error(unsupported) where the program cannot be started again.
void launch(int size);

}  // namespace weigh::processes
