# The same net/ in a Linux process: build/libweir.so and the tools of host/.

.PHONY: host
host: ## build the host library and tools
