// SPDX-License-Identifier: ISC
#include "loop.h"

#include "unit.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#define PATIENCE_MS 10000

uv_loop_t loop;
struct pool pool;

static uv_timer_t timer;
static uv_prepare_t prepare;
static bool is_over;
static const bool *awaited; // or NULL
static unsigned turns;

static void on_timer(uv_timer_t *handle)
{
	(void)handle;
	is_over = true;
}

// What the loop waits for may have come in the same turn, before it begins to wait.
static void on_prepare(uv_prepare_t *handle)
{
	(void)handle;
	turns++;
	if (is_over || (awaited && *awaited))
		uv_stop(&loop);
}

int loop_setup(void **state)
{
	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	pool_init(&pool, &loop);
	uv_timer_init(&loop, &timer);
	uv_prepare_init(&loop, &prepare);
	uv_prepare_start(&prepare, on_prepare);
	return 0;
}

static void on_shared_closed(uv_handle_t *handle)
{
	free(handle->data);
	loop.data = NULL;
}

// What io/defer keeps for all of a loop lives as long as the loop.
static void close_shared(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (loop.data && handle->data == loop.data)
		uv_close(handle, on_shared_closed);
}

int loop_teardown(void **state)
{
	(void)state;
	pool_fini(&pool);
	uv_walk(&loop, close_shared, NULL);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_close((uv_handle_t *)&prepare, NULL);
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return 0;
}

static void start_timer(unsigned ms)
{
	is_over = false;
	uv_update_time(&loop);
	uv_timer_start(&timer, on_timer, ms, 0);
}

void loop_until(const bool *flag)
{
	start_timer(PATIENCE_MS);
	awaited = flag;
	while (!*flag && !is_over)
		uv_run(&loop, UV_RUN_ONCE);
	awaited = NULL;
	uv_timer_stop(&timer);
	if (!*flag)
		fail_msg("what was waited for has not come");
}

unsigned loop_for(unsigned ms)
{
	turns = 0;
	start_timer(ms);
	while (!is_over)
		uv_run(&loop, UV_RUN_ONCE);
	return turns;
}

void tcp_pair(int fds[2])
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(in);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&in, &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fds[0], (struct sockaddr *)&in, len), 0);
	fds[1] = accept(listener, NULL, NULL);
	assert_true(fds[1] >= 0);
	close(listener);
}
