# SPDX-License-Identifier: ISC
# Completion for fish. Every word comes from the program itself, but those of kinds that fish knows.

function __sockctl_kind -a kind beginning
	switch $kind
		case file
			__fish_complete_path $beginning
		case command
			__fish_complete_command
		case host
			__fish_print_hostnames
		case interface
			__fish_print_interfaces
		case group
			__fish_complete_groups
		case user
			__fish_complete_users
		case process
			cat /proc/[0-9]*/comm 2>/dev/null | sort -u
	end
end

function __sockctl_words
	set -l before (commandline -opc)
	set -l current (commandline -ct)

	for line in ($before[1] help --words $before[2..] "$current" 2>/dev/null)
		set -l parts (string split -m 1 \t -- $line)
		if string match -q -- ':*' $line
			set -l beginning (string sub -s (math (string length -- "$parts[2]") + 1) -- "$current")
			for word in (__sockctl_kind (string sub -s 2 -- $parts[1]) "$beginning")
				echo "$parts[2]$word"
			end
		else
			echo $line
		end
	end
end

complete -c sockctl -f -a '(__sockctl_words)'
