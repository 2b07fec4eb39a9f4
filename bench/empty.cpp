// What starting a C++ program costs: nothing that weigh does can be faster.
int main() {}
