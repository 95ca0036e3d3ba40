# SPDX-License-Identifier: ISC
# Completion for bash. Every word comes from the program itself, but those of kinds that bash knows.

# _sockctl_kind KIND BEGINNING: the words of a kind.
_sockctl_kind()
{
	case $1 in
	file) compgen -f -- "$2" ;;
	command) compgen -c -- "$2" ;;
	interface) (cd /sys/class/net && compgen -f -- "$2") ;;
	group) compgen -g -- "$2" ;;
	user) compgen -u -- "$2" ;;
	process)
		compgen -W "$(cat /proc/[0-9]*/comm 2>/dev/null | sort -u |
			grep -v '[^[:alnum:]._-]')" -- "$2"
		;;
	host)
		local COMPREPLY=()

		if declare -F _known_hosts_real >/dev/null; then
			_known_hosts_real -- "$2"
		else
			mapfile -t COMPREPLY < <(compgen -A hostname -- "$2")
		fi
		((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
		;;
	esac
}

# Sets the array words to the words of the command line up to the cursor. To bash,
# "--option=value" and "unix:path" are three words each.
_sockctl_split()
{
	local rest=${COMP_LINE:0:COMP_POINT} word i

	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then
			rest=${rest#"${rest%%[![:space:]]*}"}
			words+=("")
		fi
		((${#word} <= ${#rest})) || word=$rest
		words[-1]+=$word
		rest=${rest#"$word"}
	done
}

_sockctl()
{
	local words cur line word kind prefix replaced

	_sockctl_split
	cur=${words[-1]}
	COMPREPLY=()
	while IFS= read -r line; do
		word=${line%%$'\t'*}
		if [[ $word == :* ]]; then
			kind=${word#:}
			prefix=${line#*$'\t'}
			[[ $cur == "$prefix"* ]] || continue
			[[ $kind != file ]] || compopt -o filenames
			while IFS= read -r word; do
				COMPREPLY+=("$prefix$word")
			done < <(_sockctl_kind "$kind" "${cur#"$prefix"}")
		elif [[ $word == "$cur"* ]]; then
			# Names of sockets are up to whoever made them.
			printf -v word %q "$word"
			COMPREPLY+=("$word")
		fi
	done < <("$1" help --words "${words[@]:1}" 2>/dev/null)

	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace
	fi
	# Only what stands behind the last of these is replaced.
	replaced=${cur##*["${COMP_WORDBREAKS//[!:=]}"]}
	[[ $COMP_WORDBREAKS == *[:=]* ]] || replaced=$cur
	COMPREPLY=("${COMPREPLY[@]#"${cur%"$replaced"}"}")
}

complete -F _sockctl sockctl
