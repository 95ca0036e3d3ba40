# SPDX-License-Identifier: ISC
# Completion for fish. Every word comes from the program itself.

function __sockctl_words
	set -l before (commandline -opc)
	set -l current (commandline -ct)
	set -l ask
	set -l prefix ""
	if test (count $before) -gt 1
		set ask $before[2] $before[-1]
		if string match -q -- '--*=*' $current
			set prefix (string split -m 1 = -- $current)[1]
			set ask $before[2] $prefix
			set prefix "$prefix="
		end
	end
	for line in (sockctl help --words $ask 2>/dev/null)
		switch $line
			case ':file'
				for word in (__fish_complete_path (string replace -- "$prefix" "" $current))
					echo "$prefix$word"
				end
			case ':host'
				__fish_print_hostnames
			case ':interface'
				__fish_print_interfaces
			case ':*'
			case '*'
				echo "$prefix$line"
		end
	end
end

complete -c sockctl -f -a '(__sockctl_words)'
